/**
 * Whether to run also what differs from another test in its registry, its command or its contrast alone; set with
 * `MICROMESH_TEST_ALL=true`, as `.ci/run` does. Without it `npm test` is to end in less than five minutes on two cores.
 */
export const TEST_ALL = process.env.MICROMESH_TEST_ALL === 'true';
