/** A workflow of GitHub Actions that logs in without a key and asks for the organisation's projects. */
export function githubWorkflow(origin: string, audience: string): string {
  return `permissions:
  id-token: write

jobs:
  flags:
    runs-on: ubuntu-latest
    steps:
      - name: Log in to Halyard
        run: |
          github_token=$(curl -sf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${encodeURIComponent(audience)}" | jq -r .value)
          halyard_token=$(curl -sf ${origin}/api/v1/auth/oidc/token/ \\
            --json "{\\"token\\": \\"$github_token\\"}" | jq -r .access_token)
          echo "::add-mask::$halyard_token"
          echo "HALYARD_TOKEN=$halyard_token" >> "$GITHUB_ENV"
      - name: Use it
        run: curl -sf ${origin}/api/v1/projects/ -H "Authorization: Bearer $HALYARD_TOKEN"`;
}

/** A rule in words. */
export function ruleText({ claim, values }: { claim: string; values: string[] }): string {
  return `${claim} is ${values.join(' or ')}`;
}
