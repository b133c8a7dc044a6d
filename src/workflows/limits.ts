/** Replaying costs about half a millisecond an event: a run is continued as new long before the server's own limit. */
export const HISTORY_EVENTS_MAX = 450;
