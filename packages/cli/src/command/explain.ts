import type { Command } from 'commander';
import type { ExplainOptions } from '../explain/explain-options.js';
import type { CommandIo } from './io.js';
import { REGISTRY_HELP } from './registry-help.js';

const HELP = `
Each rule in order, and the first condition of each that does not hold; then what holds for the call, value by value, with the file and
line that says it, Istio's default in a block that is there, or micromesh's; then where the call goes, and the nodes of the registry that
fit. With a hash key it is certain which destination and which node; without one weights are a matter of chance.

Policies are read from --policies, and from the registry where one is named or no files are. The states of nodes are known to the
processes that call the service: those that serve something with micromesh are asked, as by micromesh nodes.

With --gateway it is an HTTP request at the gateway of that name, createGateway({ name }): the first argument is the Host that it is sent
to, the second its path with the query. A POST is one of JSON; -H are its headers; --from are labels of the gateway's own process, which
is what sourceLabels look at there. What the gateway answers without a call is its own answer: status, headers and body.

Examples:
  $ micromesh explain hello hello.v1.Hello/Anything
  $ micromesh explain hello hello.v1.Hello/Anything -H x-user=anna --from app=shop,zone=a --policies policies
  $ micromesh explain hello hello.v1.Hello/Anything --hash-key u-1 --registry consul://127.0.0.1:8500 --json
  $ micromesh explain api.example.com '/hello/anything?name=xuxu' --gateway web --policies policies
  $ micromesh explain hello.shop /hello/anything --gateway web --verb OPTIONS -H origin=https://page.example \\
      -H access-control-request-method=POST --policies policies

Exit status: 0 explained, 1 the policies have errors, or the registry does not answer, 2 wrong usage.`;

/** Adds `micromesh explain`: where a call, or a request at an HTTP gateway, goes, how, and why. */
export function addExplainCommand(program: Command, io: CommandIo, exit: (status: number) => void): void {
  program
    .command('explain')
    .description('say where a call would go, how, and why: the rule, each value with its origin, the nodes')
    .argument(
      '<service>',
      "the registry's name of it: hello, hello?dc=dc2; with --gateway the host: api.example.com",
    )
    .argument('<method>', "hello.v1.Hello/Anything; with --gateway the path: '/hello/anything?name=xuxu'")
    .option(
      '-H, --header <name=value>',
      'metadata of the call, or a header of the request; repeat it for more',
      all,
    )
    .option('--gateway <name>', 'the HTTP gateway that gets the request, as VirtualServices name it: web')
    .option('--verb <verb>', 'with --gateway: of the request; calls are made of GET and POST (default: GET)')
    .option('--from <labels>', 'labels of the caller, with --gateway of its process: app=shop,zone=a')
    .option('--from-namespace <name>', 'namespace of the same (default: default)')
    .option('--hash-key <key>', "the call's hashKey")
    .option('--policies <path>', 'a file or folder of policies; repeat it for more', all)
    .option('--registry <registry>', `${REGISTRY_HELP}; with --policies, none`)
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(async (service: string, method: string, flags: ExplainOptions) => {
      const { explainCall } = await import('../explain/explain-call.js');
      exit(await explainCall(service, method, flags, io));
    });
}

function all(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
