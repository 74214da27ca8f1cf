import "vue";

declare module "vue" {
  interface HTMLAttributes {
    /** Handles for tests and for the tools of other people's developers. */
    [data: `data-${string}`]: unknown;
  }
}
