import asyncio
import json

team = json.loads(await get_team_members({"department": "engineering"}))
ids = [person["id"] for person in team]
texts = await asyncio.gather(*[get_expenses({"employee_id": id, "quarter": "Q3"}) for id in ids])

spending = {
    id: round(sum(
        record["amount"]
        for record in json.loads(text)
        if record["category"] == "travel" and record["status"] == "approved"
    ), 2)
    for id, text in zip(ids, texts)
}
suspects = [person for person in team if spending[person["id"]] > 5000]
budgets = await asyncio.gather(*[get_custom_budget({"user_id": person["id"]}) for person in suspects])

over = []
for person, text in zip(suspects, budgets):
    spent, limit = spending[person["id"]], json.loads(text)["travel_budget"]
    if spent > limit:
        over.append({"id": person["id"], "name": person["name"], "spent": spent, "budget": limit})
print(json.dumps(over))
