import type { Finder } from '../finder.js';
import type { DestinationRule, Resource, VirtualService } from '../resource.js';

/** A resource with the place where what is found about it goes. */
export interface Checked<R extends Resource = Resource> {
  readonly resource: R;
  readonly find: Finder;
}

/** All resources that are applied together. */
export type Folder = readonly Checked[];

/** The VirtualServices of a folder. */
export function virtualServices(folder: Folder): readonly Checked<VirtualService>[] {
  return folder.filter((each): each is Checked<VirtualService> => each.resource.kind === 'VirtualService');
}

/** The DestinationRules of a folder. */
export function destinationRules(folder: Folder): readonly Checked<DestinationRule>[] {
  return folder.filter((each): each is Checked<DestinationRule> => each.resource.kind === 'DestinationRule');
}

/** `hello.yaml:12`, for what is said of another resource. */
export function whereIs({ document }: Resource): string {
  return `${document.file}:${document.locate([]).line}`;
}
