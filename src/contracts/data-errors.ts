/** Error codes of what a model's rows are read from; part of the table in errors.ts. */
export const DATA_ERRORS = {
  DATA_COLUMN_MISSING: {
    kind: 'terminal',
    exit: 'error',
    meaning: "The model file names a column that the source's file does not have.",
    remedy: 'Correct the name; the error lists the columns there are',
  },
  DATA_DATASET_EMPTY: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'No accepted row of the partitions has a label that was known as of the time asked for.',
    remedy: 'Ask for a later time or more partitions',
  },
  DATA_EXPRESSION_INVALID: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'An expression of the model file is no DuckDB SQL, or fails on a row of the source.',
    remedy: 'Correct the expression, or guard it with try_cast or nullif',
  },
  DATA_FEATURE_INVALID: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A feature does not fit the input it is read from.',
    remedy: 'Correct the kind of the feature or the expression of its input',
  },
  DATA_FEATURE_UNKNOWN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A feature is asked for that the model file does not declare.',
    remedy: 'Declare it under features, or correct the name',
  },
  DATA_FILE_EMPTY: {
    kind: 'terminal',
    exit: 'error',
    meaning: "The source's file has no rows.",
    remedy: 'Put rows into it',
  },
  DATA_FILE_NOT_FOUND: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A file the model file declares is not there.',
    remedy: 'Put it beside the model file, or install the package it comes from',
  },
  DATA_FILE_UNREADABLE: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A file the model file declares is damaged, or is neither Parquet nor CSV.',
    remedy: 'Restore it from its origin; what was prepared from it before is kept',
  },
  DATA_FUTURE_LABEL: {
    kind: 'terminal',
    exit: 'error',
    meaning:
      'Feature values of past rows are not explained by the outcomes that were known by then: labels leak from the future.',
    remedy: 'Delete the work folder of the source and assemble again; if it stays, it is a defect of Holdfast',
  },
  DATA_LINE_UNPARSABLE: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'Lines of a CSV file do not have the columns of its header; they were set aside, all others are used.',
    remedy: 'Correct the lines',
  },
  DATA_PARTITION_EMPTY: {
    kind: 'terminal',
    exit: 'error',
    meaning: "The partition's day has no rows.",
    remedy: 'Land it to have it judged; nothing can be read from it',
  },
  DATA_PARTITION_NOT_LANDED: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The rows of a landed partition are not in the object store.',
    remedy: 'Land the partition, and name it by the digest its landing gave',
  },
  DATA_PARTITION_UNKNOWN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The day lies before the first or after the last partition of the source.',
    remedy: 'Ask for a day that the error lists',
  },
  DATA_PLACE_MISSING: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The table of places has no place for rows of the source, so their local time is no instant.',
    remedy: 'Add the places to the table',
  },
  DATA_TIME_UNPARSABLE: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The event time of rows cannot be read as a timestamp.',
    remedy: 'Correct the rows, or write an expression that reads them, for example with strptime',
  },
  DATA_TIME_ZONE_UNKNOWN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A declared time zone is none this runtime has rules for.',
    remedy: 'Write UTC or an IANA name such as America/New_York',
  },
} as const;
