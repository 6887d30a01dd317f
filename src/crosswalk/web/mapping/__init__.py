"""Field mapping in the browser: what its pages show, and what their forms say."""
