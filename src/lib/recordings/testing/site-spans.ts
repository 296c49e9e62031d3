export { spansAnswer as siteSpans } from '#mocks/site/spans-answer.ts';
