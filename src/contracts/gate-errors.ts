/** Error codes of the offline judge and planner, `holdfast gate`; part of the table in errors.ts. */
export const GATE_ERRORS = {
  GATE_ARMS_UNCLEAR: {
    kind: 'terminal',
    exit: 'error',
    meaning:
      'The arms of a file are not a candidate and a control: there is one only, more than two, or no telling which is which.',
    remedy: 'Name them with --candidate and --control; units of other arms are left out',
  },
  GATE_CHART_NOT_WRITTEN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The picture of a simulation could not be written where it was to go.',
    remedy: 'Name a file in a folder that is there and writable; the numbers come again from the same seed',
  },
  GATE_COHORTS_INVALID: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A file of cohort records holds a line that is none, or two that contradict each other.',
    remedy: 'Correct the named lines: one JSON record a cohort, as docs/guides/judge-a-past-experiment.md shows',
  },
  GATE_COLUMN_MISSING: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A column that the judge needs was not named, or is not in the file.',
    remedy: 'Name the columns of the unit, its arm, its time of assignment and its loss',
  },
  GATE_FILE_EMPTY: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A file that was to be judged has no rows.',
    remedy: 'Export it again, with its rows',
  },
  GATE_FILE_NOT_FOUND: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A file given to the gate commands is not there.',
    remedy: 'Correct the path; it is relative to the folder the command runs in',
  },
  GATE_FILE_UNREADABLE: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A file given to the gate commands cannot be read as what it should be: CSV, Parquet, JSON lines or YAML.',
    remedy: 'Give a UTF-8 text file with one header line (.csv, .tsv, also .gz), or a Parquet file (.parquet)',
  },
  GATE_POLICY_INVALID: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A gate policy is none; every fault is listed with line and column.',
    remedy: 'Mend the listed places; docs/reference/gate-policy.md explains every field',
  },
  GATE_ROWS_INVALID: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'Rows of a file cannot be judged: a time, an arm or a loss is missing or is not one.',
    remedy: 'Correct the named rows; rows are never dropped silently, because dropping can select by outcome',
  },
  GATE_UNIT_IN_BOTH_ARMS: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'Units were seen in both arms, so their outcomes belong to neither.',
    remedy:
      'Name as unit what was assigned; or count each in the arm it saw first, with --both-arms first: what differs is diluted then',
  },
} as const;
