async function main() {
  await null;
  throw new RangeError('later');
}
main();
