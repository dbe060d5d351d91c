/// <reference types="vite/client" />

declare module 'virtual:endpoints' {
  /** Method and path, such as `GET /api/v1/projects/{pk}/`, by the name of the contract's export. */
  export const endpoints: Record<string, string>;
}

declare module 'virtual:integrations' {
  /** Method and path of the requests about an integration, by place and vendor: `environment grafana`. */
  export const integrationEndpoints: Record<string, Record<'create' | 'patch' | 'remove' | 'deliveries', string>>;
}
