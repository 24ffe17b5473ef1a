// The seed of this test run: what is random in tests comes from it.

/** Printed at the end of every run; `OTP_TEST_SEED=… npm test` uses it again. */
export const testSeed = Number(process.env.OTP_TEST_SEED)
