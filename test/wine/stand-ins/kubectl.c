/*
 * Stands in for kubectl.exe: runs the script that STAND_IN_KUBECTL names with the Node that STAND_IN_NODE names, with its own parameters.
 * The script ends with it, however it ends.
 */
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

int wmain(void) {
  static wchar_t line[1 << 15], node[MAX_PATH], script[MAX_PATH];
  GetEnvironmentVariableW(L"STAND_IN_NODE", node, MAX_PATH);
  GetEnvironmentVariableW(L"STAND_IN_KUBECTL", script, MAX_PATH);
  // The line without its first word, as it was given.
  const wchar_t *rest = GetCommandLineW();
  for (int is_quoted = 0; *rest != 0 && (is_quoted || *rest != L' '); rest++)
    if (*rest == L'"') is_quoted = !is_quoted;
  _snwprintf(line, sizeof(line) / sizeof(*line), L"\"%ls\" \"%ls\"%ls", node, script, rest);

  HANDLE job = CreateJobObjectW(NULL, NULL);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
  SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits));
  STARTUPINFOW start = {.cb = sizeof(start)};
  GetStartupInfoW(&start);
  PROCESS_INFORMATION process;
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) return 70;
  AssignProcessToJobObject(job, process.hProcess);
  WaitForSingleObject(process.hProcess, INFINITE);
  DWORD code;
  GetExitCodeProcess(process.hProcess, &code);
  return code;
}
