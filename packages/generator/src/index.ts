export { type GenerateOptions, type GenerateResult, generate } from './generate.js';
export {
  formatProblem,
  GenerateError,
  type GenerateProblem,
  type GenerateProblemOrigin,
} from './generate-error.js';
