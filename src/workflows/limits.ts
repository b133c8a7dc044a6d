/** Replaying costs about half a millisecond an event: a run is continued as new long before the server's own limit. */
export const HISTORY_EVENTS_MAX = 450;
/** Of collection: leaves room for the next look and the upserts of one more day below 400 events. */
export const HISTORY_EVENTS_LANDING_MAX = 360;
