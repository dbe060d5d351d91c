/** An address that leads nowhere. */
export function NotFound() {
  return (
    <main style={{ padding: '15vh 1rem', textAlign: 'center' }}>
      <h1>There is no such page</h1>
      <p>
        <a href="/">Go to your projects</a>
      </p>
    </main>
  );
}
