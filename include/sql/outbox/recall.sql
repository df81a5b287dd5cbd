-- Asks for a message to be taken back, and gives the answer in words. A second run asks again what was refused.
select notify.recall(%(message_id)s) as answer
