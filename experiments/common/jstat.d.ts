/** The part of jStat that is used. The package has no types. */
declare module "jstat" {
  const jstat: {
    studentt: {
      /** The quantile of Student's t at `probability`. */
      inv(probability: number, degreesOfFreedom: number): number;
    };
  };
  export default jstat;
}
