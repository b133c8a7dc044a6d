/** Error codes of the data plane; part of the table in errors.ts. */
export const GATEWAY_ERRORS = {
  BODY_TOO_LARGE: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The body of a request to a gateway or to the HTTP edge is larger than it accepts.',
    remedy: 'Send smaller batches',
  },
  BUNDLE_NOT_LOADABLE: {
    kind: 'terminal',
    exit: 'refused',
    meaning:
      'A bundle cannot be served: its manifest or artifact is missing, broken, or needs a feature the model has not registered.',
    remedy:
      'Put the bundle into the object store of the gateway, register its features, and apply the same change again',
  },
  DRILLS_DISABLED: {
    kind: 'terminal',
    exit: 'refused',
    meaning: 'A drill was ordered from a gateway that was started without drills.',
    remedy: 'Start the gateway with drills enabled, never in production',
  },
  EFFECTIVE_FROM_PASSED: {
    kind: 'retryable',
    exit: 'refused',
    meaning: 'A rise of exposure would apply to event times that have been answered without it.',
    remedy: 'Decide again with an effectiveFrom at or after the event clock of every gateway',
  },
  EVENT_TIME_OUT_OF_RANGE: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The event time of one item is further ahead than the gateway believes.',
    remedy:
      'Check the clock and the time zone of the sender; move the watermark forward first if the stream really has a gap',
  },
  GATEWAY_NAMES_CLASH: {
    kind: 'terminal',
    exit: 'error',
    meaning:
      'Two of the configured gateway addresses answer with the same gateway name, so their logs cannot be told apart.',
    remedy: 'List every gateway once, by its own address, and give each a name of its own (HOLDFAST_GATEWAY_NAME)',
  },
  GATEWAY_NOT_READY: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'The gateway is still rebuilding its state from its log.',
    remedy: 'Try again in a moment; GET /readyz says when',
  },
  GATEWAY_REFUSED: {
    kind: 'terminal',
    exit: 'refused',
    meaning: 'The gateway answered with a refusal that this release does not know.',
    remedy: 'Read the message; use the same release on both sides',
  },
  GATEWAY_STATE_LOCKED: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'Another gateway process is using the state folder.',
    remedy: 'Give every gateway a state folder of its own, or end the other process',
  },
  GATEWAY_UNREACHABLE: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'A gateway did not answer, or answered that it cannot now.',
    remedy: 'See that every gateway is up; the same call may then be made again',
  },
  GENERATION_STALE: {
    kind: 'terminal',
    exit: 'refused',
    meaning: 'A change of traffic carries a generation that is not above the present one.',
    remedy: 'Read the present state and decide again with a higher generation',
  },
  LABEL_BEFORE_PREDICTION: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'An outcome claims to have been known before its prediction was asked for.',
    remedy: 'Check knownAt and the request id; an outcome follows its prediction',
  },
  LEDGER_BROKEN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The exposure ledger of a gateway does not follow from its own digests: a line was changed or lost.',
    remedy: 'Compare it with the projected ledger, restore the file from a copy, and start the gateway again',
  },
  LOG_UNAVAILABLE: {
    kind: 'retryable',
    exit: 'error',
    meaning: 'The log of the gateway cannot be written or read, so nothing was acknowledged.',
    remedy: 'See that its disk is there and not full; the same outcomes may then be sent again',
  },
  MODEL_UNKNOWN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The gateway has no registration for the model.',
    remedy: 'Register it: PUT /v1/models/<model> with freshFeatures and fallback',
  },
  REQUEST_INVALID: {
    kind: 'terminal',
    exit: 'error',
    meaning:
      'A request to a gateway or to the HTTP edge is not of the form it understands; the message names the field.',
    remedy: 'Correct the field that the message names',
  },
  ROUTE_UNKNOWN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The gateway, or the HTTP edge, has no such path or method.',
    remedy: 'See docs/reference for the paths of the gateway',
  },
  SEGMENT_UNKNOWN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'There is no closed log segment of that number.',
    remedy: 'List the segments first; a segment can be read once it is closed',
  },
  WATERMARK_NOT_TAKEN: {
    kind: 'terminal',
    exit: 'refused',
    meaning: 'A watermark was sent to a gateway that runs on the wall clock.',
    remedy: 'Start the gateway with the stream clock to replay, or send no watermarks',
  },
} as const;
