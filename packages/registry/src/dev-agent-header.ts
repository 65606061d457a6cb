/**
 * The header by which micromesh's dev agent says what it is, on every answer. It runs no checks itself, so nodes send
 * heartbeats to it.
 */
export const DEV_AGENT_HEADER = 'x-micromesh-dev-agent';
