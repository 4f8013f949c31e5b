-- Nothing: the number is taken by a migration that another branch brings.
SELECT 1;
