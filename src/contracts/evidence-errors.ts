/** Error codes of files that the command line is asked to read or write besides; part of the table in errors.ts. */
export const EVIDENCE_FILE_ERRORS = {
  EVIDENCE_FILE_EMPTY: {
    kind: 'terminal',
    exit: 'error',
    meaning:
      'A file of batches holds none: nothing was recorded, and whatever should have written it has said nothing.',
    remedy: 'Look at the job that writes it; a measurement of nothing is a batch whose counts are 0',
  },
  EVIDENCE_FILE_NOT_FOUND: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'There is no file at the path given for batches of counts.',
    remedy: 'Give the path of a file of batches, or - to read them from standard input',
  },
  EVIDENCE_FILE_UNREADABLE: {
    kind: 'terminal',
    exit: 'error',
    meaning:
      'A file of batches is there and cannot be read as text: a folder, no permission, not UTF-8, or half a JSON array.',
    remedy: 'Give newline-delimited JSON or a whole JSON array, in UTF-8',
  },
} as const;
