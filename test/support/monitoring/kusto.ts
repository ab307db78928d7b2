import {readFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {runInThisContext} from 'node:vm'

interface Diagnostics {
  readonly Count: number
  getItem(index: number): {readonly Message: string}
}

/** As much of Microsoft's library as is used here. It is a script for browsers, made of C#. */
interface Language {
  readonly KustoCode: {ParseAndAnalyze(query: string, globals: object): {GetDiagnostics(): Diagnostics}}
  readonly GlobalState: {readonly Default: {WithDatabase(database: object): object}}
  readonly Symbols: {
    readonly TableSymbol: {From(schema: string): {WithName(name: string): object}}
    readonly DatabaseSymbol: {readonly ctor: new (name: string, tables: readonly object[]) => object}
  }
}

/** Where Container Insights puts metrics. Source: Azure Monitor's reference of tables, InsightsMetrics. */
const INSIGHTS_METRICS =
  '(TimeGenerated: datetime, Computer: string, Origin: string, Namespace: string, Name: string, Val: real, Tags: string, _ResourceId: string)'

/** What is wrong with a query over that table, in the words of Microsoft's own parser of KQL. */
export type CheckKql = (query: string) => readonly string[]

/** @returns why it cannot be loaded, in words */
export async function openKusto(): Promise<CheckKql | string> {
  let folder: string
  try {
    folder = dirname(fileURLToPath(import.meta.resolve('@kusto/language-service-next')))
  } catch {
    return '@kusto/language-service-next is not installed: npm ci'
  }
  for (const name of ['bridge.min.js', 'Kusto.Language.Bridge.min.js'])
    runInThisContext(await readFile(join(folder, name), 'utf8'), {filename: name})
  const {KustoCode, GlobalState, Symbols} = (globalThis as unknown as {Kusto: {Language: Language}}).Kusto.Language
  const table = Symbols.TableSymbol.From(INSIGHTS_METRICS).WithName('InsightsMetrics')
  const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('workspace', [table]))
  return query => {
    const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics()
    return Array.from({length: found.Count}, (_, index) => found.getItem(index).Message)
  }
}
