/** Error codes of pages of evidence; part of the table in errors.ts. */
export const REPORT_ERRORS = {
  REPORT_NOT_DRAWN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'A chart of a page of evidence could not be drawn.',
    remedy: 'Ask for the same report with --json, which holds every number; and report this with the command you ran',
  },
  REPORT_NOT_FOUND: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'Nothing on record goes by this id or digest.',
    remedy: 'Ask holdfast status for what there is, or holdfast explain <rollout> for its newest decision',
  },
  REPORT_NOT_WRITTEN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The page of evidence could not be written where it was to go.',
    remedy: 'Name a file in a folder that is there and writable; the same records give the same page again',
  },
  SUMMARY_NOT_WRITTEN: {
    kind: 'terminal',
    exit: 'error',
    meaning: 'The summary of a run could not be written where it was to go.',
    remedy: 'Name a file in a folder that is there and writable; with --json the same document is printed',
  },
} as const;
