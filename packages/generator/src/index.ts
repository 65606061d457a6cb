export { type GenerateOptions, type GenerateResult, generate } from './generate.js';
export { formatProblem, GenerateError, type GenerateProblem } from './generate-error.js';
