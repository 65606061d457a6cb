import { nearestName } from '@micromesh/core';
import { Command } from 'commander';

const UNKNOWN = new Set(['commander.unknownOption', 'commander.unknownCommand']);

/** A command whose errors point to its own help, and suggest a name only where one is near: `--bogus` is no `--logs`. */
export class GuidingCommand extends Command {
  constructor(name?: string) {
    super(name);
    this.showSuggestionAfterError(false);
  }

  override createCommand(name?: string): GuidingCommand {
    return new GuidingCommand(name);
  }

  override error(message: string, options?: Parameters<Command['error']>[1]): never {
    this.showHelpAfterError(`(${this.#path()} --help shows what there is)`);
    const wrong = UNKNOWN.has(options?.code ?? '') ? /'(.*)'/.exec(message)?.[1] : undefined;
    const near = wrong === undefined ? undefined : this.#near(wrong);
    return super.error(near === undefined ? message : `${message}\n(Did you mean ${near}?)`, options);
  }

  #path(): string {
    let path = this.name();
    for (let { parent } = this; parent !== null; { parent } = parent) path = `${parent.name()} ${path}`;
    return path;
  }

  #near(wrong: string): string | undefined {
    const help = this.createHelp();
    const dashes = /^--/.test(wrong) ? '--' : '';
    const names =
      dashes === ''
        ? help.visibleCommands(this).map((command) => command.name())
        : help.visibleOptions(this).flatMap(({ long }) => (long == null ? [] : [long.slice(2)]));
    const word = wrong.slice(dashes.length);
    // Who mistypes a word rarely mistypes its first letter; without that, all short words are near each other.
    const near = nearestName(
      word,
      names.filter((name) => name[0] === word[0]),
    );
    return near === undefined ? undefined : dashes + near;
  }
}
