/** Milliseconds of event time since 1970-01-01T00:00:00Z: the pure rooms' only form of an instant. */
export type EpochMs = number;
