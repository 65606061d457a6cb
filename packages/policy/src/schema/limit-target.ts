import { applied, required } from './field.js';
import { flag, formed, list, text, word } from './leaves.js';

/** The fields that say which calls a limit is for: both kinds have them. */
export function limitTarget() {
  return {
    host: required(text(), 'the service; see "Hosts" above; of several services each has a count of its own'),
    side: applied(
      word('client', 'server'),
      '`server`: each node counts the calls that it gets; `client`: each process counts those that it makes; default server',
    ),
    methods: applied(
      list(
        formed(
          /^\/[A-Za-z_][A-Za-z0-9_.]*\/(?:[A-Za-z_][A-Za-z0-9_]*|\*)$/,
          'method',
          'write /package.Service/Method, or /package.Service/* for all of them',
        ),
      ),
      'the methods whose calls count; default all',
    ),
    perMethod: applied(flag(), 'each method counts for itself; default false: they count together'),
  };
}
