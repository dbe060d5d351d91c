/// <reference types="vite/client" />

declare module 'virtual:endpoints' {
  /** Method and path, such as `GET /api/v1/projects/{pk}/`, by the name of the contract's export. */
  export const endpoints: Record<string, string>;
}
