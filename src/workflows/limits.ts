/** Replaying costs about half a millisecond an event: a run is continued as new long before the server's own limit. */
export const HISTORY_EVENTS_MAX = 450;
/** Ids of processed commands that are carried on; a repeat older than this many commands would be refused by the state anyway. */
export const PROCESSED_IDS_MAX = 200;
