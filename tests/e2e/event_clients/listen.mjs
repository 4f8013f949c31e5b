// Listens to events as a program with the npm package `eventsource` does, and prints one line for
// each. The first argument is the address, the second the folder of the package.

const [address, folder] = process.argv.slice(2);
const { EventSource } = await import(`${folder}/dist/index.js`);

const events = new EventSource(address);
for (const name of ["hello", "order", "gap", "bye"]) {
    events.addEventListener(name, (event) => {
        const { order_id, status } = JSON.parse(event.data);
        console.log([name, order_id, status].filter(Boolean).join(" "));
    });
}

// It comes back on its own time only while something else keeps the program going.
setInterval(() => {}, 60_000);
