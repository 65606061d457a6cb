/**
 * The metadata in which a client says when an attempt left: `<series> <ms>`. The times of one series are of one clock, and say how
 * much later than the promptest of its series each request came.
 */
export const SENT_AT = 'micromesh-sent-at';

/** The trailer of a server that has not begun a call because it came late; its value is the series of the {@link SENT_AT} that said so. */
export const CAME_LATE = 'micromesh-came-late';
