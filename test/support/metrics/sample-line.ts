import type {MetricSample} from '../../../core/contract/metrics.ts'
import {labelText, numberText} from '../../../core/metrics/series-text.ts'

/** One series as Azure NPM's pages have it. */
export const sampleLine = ({name, labels, value}: MetricSample): string => `${name}${labelText(labels)} ${numberText(value)}`
