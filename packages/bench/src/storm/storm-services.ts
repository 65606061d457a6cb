const unary = {
  requestStream: false,
  responseStream: false,
  requestSerialize: (value: string): Buffer => Buffer.from(value),
  requestDeserialize: (bytes: Buffer): string => bytes.toString(),
  responseSerialize: (value: string): Buffer => Buffer.from(value),
  responseDeserialize: (bytes: Buffer): string => bytes.toString(),
} as const;

/** What callers call; it asks stock. */
export const FrontService = { order: { path: '/storm.v1.Front/Order', ...unary } } as const;

/** Whose capacity is the matter. */
export const StockService = { reserve: { path: '/storm.v1.Stock/Reserve', ...unary } } as const;
