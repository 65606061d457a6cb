/** What `--registry` is, for commands that ask one. */
export const REGISTRY_HELP =
  'as in MICROMESH_REGISTRY, which is the default; else the dev agent of this machine';
