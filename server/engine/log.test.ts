import { expect, it } from 'vitest';
import { EngineError } from './error.ts';
import { causeOf } from './log.ts';

it('the log has the causes, without the tokens that recorders repeat', () => {
  const said = new Error('Token TOKEN#4f1d-aa#host//ServerConnector# has expired');
  const error = new EngineError('source-refused', 'no', { cause: new Error('refused', { cause: said }) });
  expect(causeOf(error)).toBe('refused: Token TOKEN#… has expired');
  expect(causeOf(new EngineError('overloaded', 'full'))).toBeUndefined();
});
