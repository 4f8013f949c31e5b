-- What workers send orders to, for the report.

-- How that was doing at the worker's last sign of life: for each kind its name, the orders in flight
-- and whether the breaker is open (1), separated by colons, the kinds by commas; empty if it sends
-- nothing anywhere.
ALTER TABLE workers ADD COLUMN endpoints TEXT;
