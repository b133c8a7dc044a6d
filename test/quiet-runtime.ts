/** Import it in every test that starts workers: the SDK's log is kept to errors, and its runtime can be installed only once. */
import { openLog } from '../src/worker/logging.ts';
import { installRuntime } from '../src/worker/run.ts';

installRuntime(openLog('error', 'test'));
