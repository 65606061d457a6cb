import type { FieldPath } from '../../problem.js';
import type { OutlierDetection } from '../../schema/destination-rule/outlier-detection.js';
import type { Finder } from '../finder.js';

const DEFAULT_5XX = 5;

/** When a node is taken out: conditions that can come true. */
export function checkOutlierDetection(settings: OutlierDetection, path: FieldPath, find: Finder): void {
  const isKnown = (name: string) => !find.isUncertain([...path, name]);
  const {
    consecutive5xxErrors = DEFAULT_5XX,
    consecutiveGatewayErrors = 0,
    consecutiveLocalOriginFailures,
    splitExternalLocalOriginErrors = false,
    outlierDetectionHttpErrorCodes = [],
  } = settings;
  if (
    consecutiveLocalOriginFailures !== undefined &&
    consecutiveLocalOriginFailures > 0 &&
    !splitExternalLocalOriginErrors &&
    isKnown('splitExternalLocalOriginErrors')
  ) {
    find.error(
      [...path, 'consecutiveLocalOriginFailures'],
      'consecutiveLocalOriginFailures counts only where local failures are counted apart',
      'write splitExternalLocalOriginErrors: true',
    );
  }
  if (
    isKnown('consecutive5xxErrors') &&
    consecutive5xxErrors > 0 &&
    consecutiveGatewayErrors >= consecutive5xxErrors
  ) {
    find.warning(
      [...path, 'consecutiveGatewayErrors'],
      `consecutiveGatewayErrors ${consecutiveGatewayErrors} is never reached first: consecutive5xxErrors is ${consecutive5xxErrors}, and counts the same errors`,
      `give less than ${consecutive5xxErrors}, or consecutive5xxErrors: 0`,
    );
  }
  if (consecutive5xxErrors === 0 && consecutiveGatewayErrors === 0 && !splitExternalLocalOriginErrors) {
    find.warning(
      path,
      'nothing ejects a node: every condition is 0',
      'give consecutive5xxErrors or consecutiveGatewayErrors',
    );
  }
  const seen = new Set<number>();
  for (const [index, code] of outlierDetectionHttpErrorCodes.entries()) {
    if (seen.has(code)) {
      find.warning(
        [...path, 'outlierDetectionHttpErrorCodes', index],
        `${code} is there twice`,
        'keep one of them',
      );
    }
    seen.add(code);
  }
}
