import {
  builtInEthertypes,
  builtInProtocols,
  builtInServices,
} from '../../src/config/name-service.ts'
import { type ReadFacts, readFacts } from '../../src/read/facts.ts'

/** What the tools look up on the Debian the corpus was recorded on. */
export const debianFacts: ReadFacts = readFacts(
  builtInServices(),
  builtInProtocols(),
  builtInEthertypes(),
)
