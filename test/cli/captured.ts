import { COMMANDS } from '../../src/cli/commands.ts';
import type { CommandTable } from '../../src/cli/command.ts';
import { runCli } from '../../src/cli/program.ts';

/** Runs one command line as a function and keeps what it wrote. */
export async function captured(
  argv: readonly string[],
  table: CommandTable = COMMANDS,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli(argv, table, {
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => void (written.stderr += text),
    color: false,
    canRedraw: false,
    screen: null,
  });
  return { exitCode, ...written };
}
