/**
 * The trailer of a failure whose `details` the mesh wrote, in this process or before further hops: its value is the `Reason`, or
 * {@link DIRECT_RESPONSE}. Gateways keep such words, which name addresses and resources, from who is outside; nothing else goes by it.
 */
export const MESH_REASON = 'micromesh-reason';

/** The value of {@link MESH_REASON} where the words are an operator's, and meant for who calls: the body of a `directResponse`. */
export const DIRECT_RESPONSE = 'directResponse';
