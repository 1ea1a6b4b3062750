// The probability that a Poisson process which makes `expected` on average makes `count` or more.

function chanceOfAtLeast(count, expected) {
  if (count === 0) return 1;
  if (expected <= 0) return 0;
  const distance = count - expected;
  const far = 12 * Math.sqrt(expected) + 50;
  if (distance > far) return 0;
  if (distance < -far) return 1;
  const first = Math.exp(count * Math.log(expected) - expected - logFactorial(count));
  let [sum, at] = [0, count];
  if (distance >= 0) {
    for (let term = first; term > sum * 1e-15; term *= expected / at) {
      sum += term;
      at += 1;
    }
    return Math.min(1, sum);
  }
  for (let term = first * at / expected; at >= 1 && term > sum * 1e-15; term *= at / expected) {
    sum += term;
    at -= 1;
  }
  return 1 - Math.min(1, sum);
}

function logFactorial(n) {
  if (n < 32) {
    let sum = 0;
    for (let k = 2; k <= n; k++) sum += Math.log(k);
    return sum;
  }
  const correction = 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5);
  return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + correction;
}
