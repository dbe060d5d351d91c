import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { TestContext, TestResponse } from './context.ts';

/** What the published OpenAPI document says about answers, for a validator that shares no code with ours. */
export interface PublishedSchemas {
  /** What is wrong with an operation's answer; empty where it is as published. */
  problemsOf: (operationId: string, answer: TestResponse) => string[];
}

interface Operation {
  operationId: string;
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}

/** Reads the document as clients get it. */
export async function publishedSchemas(context: TestContext): Promise<PublishedSchemas> {
  const { body } = await context.request({ path: '/api/v1/swagger.json' });
  const ajv = new Ajv2020({ allErrors: true });
  addFormats.default(ajv);
  const operations = new Map<string, Operation>();
  for (const methods of Object.values(body.paths as Record<string, Record<string, Operation>>)) {
    for (const operation of Object.values(methods)) operations.set(operation.operationId, operation);
  }
  const compiled = new Map<string, ValidateFunction>();

  return {
    problemsOf(operationId, answer) {
      const response = operations.get(operationId)?.responses[answer.status];
      if (response === undefined) return [`${operationId} does not say that it may answer ${answer.status}`];
      const schema = response.content?.['application/json']?.schema;
      // Streams and the like: that they are of the kind that is published.
      const otherType = schema === undefined ? Object.keys(response.content ?? {})[0] : undefined;
      if (otherType !== undefined) {
        const type = String(answer.headers['content-type']);
        return type.startsWith(otherType) ? [] : [`${operationId} says that ${answer.status} is ${otherType}`];
      }
      if (schema === undefined) return answer.body === '' ? [] : [`${operationId} says that ${answer.status} is empty`];
      const name = `${operationId} ${answer.status}`;
      const validate = compiled.get(name) ?? ajv.compile(withComponents(schema, body.components));
      compiled.set(name, validate);
      return validate(answer.body)
        ? []
        : (validate.errors ?? []).map(
            (error) => `${name}: ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
          );
    },
  };
}

/** `#/components/…` is looked for in the schema itself. */
function withComponents(schema: object, components: unknown): object {
  return JSON.stringify(schema).includes('#/components/') ? { ...schema, components } : schema;
}
