import {describeAgreement} from '../support/agreement/describe-agreement.ts'

// A file for each meaning: they run beside one another.
describeAgreement('kubernetes')
