import asyncio
import json

team = await get_team_members(department="engineering")
ids = [person["id"] for person in team]
expenses, budgets = await asyncio.gather(
    asyncio.gather(*[get_expenses(employee_id=id, quarter="Q3") for id in ids]),
    asyncio.gather(*[get_custom_budget(user_id=id) for id in ids]),
)

over = []
for person, records, budget in zip(team, expenses, budgets):
    spent = round(sum(
        record["amount"]
        for record in records
        if record["category"] == "travel" and record["status"] == "approved"
    ), 2)
    limit = budget["travel_budget"]
    if spent > limit:
        over.append({"id": person["id"], "name": person["name"], "spent": spent, "budget": limit})
print(json.dumps(over))
