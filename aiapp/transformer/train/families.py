"""Families of facts that working documents state, each with statements and questions that paraphrase each other.

A row is: kind of thing, kind of value, short column title, statements, questions; `{e}` is the thing, `{v}` the value.
The last statement and the last question of a row are never trained on: they are the held-out phrasings.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of fact."""

    thing: str
    value: str
    title: str
    statements: tuple[str, ...]
    questions: tuple[str, ...]


_ROWS = """
benefit | days | Days a year | Employees receive {v} of {e} each year. / {e} is granted for {v} per calendar year. / The allowance for {e} is {v}. / Every member of staff is entitled to {v} of {e}. | How many days of {e} do I get? / How much {e} am I entitled to? / What is the yearly allowance for {e}? / How long is {e}?
benefit | months | Eligible after | {e} is available after {v} of service. / You become eligible for {e} once you have worked here for {v}. / New starters can use {e} from {v} onwards. | When can I start using {e}? / How long must I have worked here before I get {e}? / After what time does {e} apply?
benefit | money | Company pays | The company contributes {v} a month towards {e}. / {e} is subsidised with {v} per month. / We pay {v} every month for {e}. | How much does the employer pay for {e}? / What is the company's contribution to {e}? / How big is the monthly subsidy for {e}?
benefit | role | Approved by | Requests for {e} are approved by the {v}. / The {v} signs off {e}. / Ask the {v} before you take {e}. | Who approves {e}? / Who has to agree to {e}? / Whose permission do I need for {e}?
benefit | days | Notice | Apply for {e} at least {v} in advance. / {e} must be requested {v} ahead. / We need {v} notice for {e}. | How far ahead must I ask for {e}? / How much notice is needed for {e}? / When do I have to apply for {e}?
expense | money | Limit | The limit for {e} is {v}. / You may spend up to {v} on {e}. / {e} is reimbursed up to {v}. / For {e} we cover no more than {v}. | How much can I spend on {e}? / What is the maximum for {e}? / Up to what amount is {e} paid back? / What is the cap on {e}?
expense | days | Claim within | Claims for {e} must be submitted within {v}. / Hand in receipts for {e} no later than {v} after the purchase. / {e} has to be claimed inside {v}. | How long do I have to claim {e}? / What is the deadline for handing in {e}? / By when must {e} be claimed?
expense | role | Approver | {e} needs prior approval from the {v}. / The {v} approves {e}. / Get a yes from the {v} before booking {e}. | Who approves {e}? / Who do I ask about {e}? / Whose approval does {e} need?
expense | rate | Rate | {e} is refunded at {v}. / We pay {v} for {e}. / The rate for {e} is {v}. | At what rate is {e} paid back? / What do I get for {e}? / How is {e} reimbursed?
plan | money | Price | The {e} costs {v} per month. / {e} is priced at {v} a month. / The monthly fee of the {e} is {v}. / You pay {v} every month for the {e}. | How much is the {e}? / What does the {e} cost? / What is the price of the {e}? / What do you charge for the {e}?
plan | count | Users | The {e} includes {v} users. / Up to {v} people can use the {e}. / {e} comes with {v} seats. | How many users does the {e} have? / How many people can work on the {e}? / How many seats come with the {e}?
plan | size | Storage | The {e} has {v} of storage. / {v} of space is part of the {e}. / Files on the {e} may take up {v}. | How much storage does the {e} include? / How much space do I get on the {e}? / What is the storage quota of the {e}?
plan | hours | Support reply | Support answers {e} customers within {v}. / On the {e} you hear back from us in {v}. / The response time for the {e} is {v}. | How fast does support reply on the {e}? / How long until the help desk answers {e} customers? / What is the response time of the {e}?
plan | percent | Discount | Paying yearly saves {v} on the {e}. / The annual discount on the {e} is {v}. / {e} customers who pay for a year get {v} off. | How much do I save on the {e} when I pay yearly? / What is the annual discount of the {e}? / How much cheaper is the {e} for a year?
plan | days | Trial | The {e} can be tried free for {v}. / A free trial of the {e} lasts {v}. / You may test the {e} for {v} at no charge. | How long is the free trial of the {e}? / For how many days can I test the {e}? / How long can I use the {e} without paying?
team | person | Led by | {e} is led by {v}. / The head of {e} is {v}. / {v} runs {e}. | Who leads {e}? / Who is in charge of {e}? / Who is the head of {e}?
team | email | Contact | Write to {e} at {v}. / {e} can be reached at {v}. / The address of {e} is {v}. / Send a message to {v} to reach {e}. | How do I contact {e}? / What is the email address of {e}? / Where can I write to {e}?
team | place | Sits in | {e} sits in {v}. / You find {e} in {v}. / The desks of {e} are in {v}. | Where does {e} sit? / Where can I find {e}? / Which place does {e} work in?
team | weekday | Meets on | {e} meets every {v}. / The weekly meeting of {e} is on {v}. / On {v} the whole of {e} comes together. | When does {e} meet? / On which day is the meeting of {e}? / What day does {e} come together?
room | clock | Opens | {e} opens at {v}. / You can enter {e} from {v}. / The doors of {e} are unlocked at {v}. | When does {e} open? / From what time can I get into {e}? / At what hour is {e} unlocked?
room | clock | Closes | {e} closes at {v}. / {e} is locked at {v}. / Please leave {e} before {v}. | When does {e} close? / Until what time is {e} open? / By when do I have to leave {e}?
room | count | Seats | {e} seats {v} people. / There is room for {v} people in {e}. / {e} holds at most {v} people. | How many people fit in {e}? / How big is {e}? / What is the capacity of {e}?
room | place | Location | {e} is located in {v}. / Go to {v} to find {e}. / {e} lies in {v}. | Where is {e}? / How do I find {e}? / On which floor is {e}?
room | code | Door code | The door code of {e} is {v}. / Enter {v} to open {e}. / {e} is opened with the code {v}. | What is the code for {e}? / How do I get into {e}? / Which number opens {e}?
system | days | Password change | Passwords for {e} must be changed every {v}. / {e} asks for a new password after {v}. / A password of {e} expires after {v}. | How often must I change my {e} password? / When does my password for {e} expire? / How long is a password valid in {e}?
system | count | Password length | A password for {e} needs at least {v} characters. / {e} accepts passwords of {v} characters or more. / Choose {v} or more characters for {e}. | How long must a {e} password be? / What is the minimum length of a password in {e}? / How many characters does {e} require?
system | months | Kept for | Data in {e} is kept for {v}. / {e} deletes records after {v}. / Records stay in {e} for {v}. | How long is data kept in {e}? / When are records removed from {e}? / What is the retention period of {e}?
system | hours | Backup | {e} is backed up every {v}. / A copy of {e} is made each {v}. / Backups of {e} run every {v}. | How often is {e} backed up? / How frequently do you copy {e}? / What is the backup interval of {e}?
system | role | Owner | The owner of {e} is the {v}. / The {v} is responsible for {e}. / {e} is looked after by the {v}. | Who owns {e}? / Who is responsible for {e}? / Who looks after {e}?
system | url | Address | {e} is found at {v}. / Open {v} to use {e}. / The address of {e} is {v}. | Where do I find {e}? / What is the address of {e}? / Which page do I open for {e}?
system | percent | Uptime | {e} is available {v} of the time. / We guarantee an uptime of {v} for {e}. / The availability target of {e} is {v}. | What uptime does {e} have? / How available is {e}? / What availability do you promise for {e}?
incident | minutes | First reply | {e} must be acknowledged within {v}. / Someone answers {e} in {v}. / The first response to {e} comes within {v}. | How fast must {e} be answered? / How quickly do we respond to {e}? / What is the response time for {e}?
incident | role | Escalate to | Escalate {e} to the {v}. / {e} goes to the {v}. / Call the {v} in case of {e}. | Who do I call for {e}? / To whom is {e} escalated? / Who handles {e}?
incident | minutes | Updates | During {e} an update is posted every {v}. / We tell customers about {e} every {v}. / Status messages on {e} go out each {v}. | How often are updates sent during {e}? / How frequently do we inform customers about {e}? / What is the interval of status messages in {e}?
incident | days | Review | A review of {e} is held within {v}. / {e} is followed by a written report inside {v}. / The post-mortem of {e} is due after {v}. | When is {e} reviewed? / By when must the report on {e} be written? / How soon after {e} is the post-mortem?
product | money | Price | The {e} is sold for {v}. / {e} costs {v}. / The price of the {e} is {v}. | How much does the {e} cost? / What is the price of the {e}? / What do I pay for the {e}?
product | months | Warranty | The {e} has a warranty of {v}. / We guarantee the {e} for {v}. / Repairs of the {e} are free for {v}. | How long is the warranty on the {e}? / For how long is the {e} guaranteed? / How long are repairs of the {e} free?
product | days | Delivery | The {e} is delivered within {v}. / Shipping of the {e} takes {v}. / Expect the {e} after {v}. | How long does delivery of the {e} take? / When will the {e} arrive? / How fast is the {e} shipped?
product | colour | Colour | The {e} comes in {v}. / {e} is made in {v}. / The colour of the {e} is {v}. | What colour is the {e}? / In which colour is the {e} sold? / Which colour does the {e} have?
product | weight | Weight | The {e} weighs {v}. / The weight of the {e} is {v}. / At {v}, the {e} is easy to carry. | How heavy is the {e}? / What does the {e} weigh? / What is the weight of the {e}?
product | days | Returns | The {e} can be returned within {v}. / You may send back the {e} for {v}. / Returns of the {e} are accepted for {v}. | How long can I return the {e}? / By when do I have to send the {e} back? / What is the return period of the {e}?
product | version | Version | The current version of the {e} is {v}. / {e} was updated to {v}. / Customers now run {v} of the {e}. | What is the latest version of the {e}? / Which version of the {e} is current? / What release is the {e} on?
event | date | Date | {e} takes place on {v}. / {e} is planned for {v}. / Join us on {v} for {e}. / {e} will be held on {v}. | When is {e}? / On what date does {e} take place? / What is the date of {e}?
event | place | Venue | {e} is held in {v}. / We meet in {v} for {e}. / The venue of {e} is {v}. | Where is {e} held? / Where do we meet for {e}? / What is the venue of {e}?
event | date | Sign up by | Sign up for {e} by {v}. / Registration for {e} ends on {v}. / The last day to register for {e} is {v}. | By when must I sign up for {e}? / What is the deadline for {e}? / When does registration for {e} close?
event | person | Host | {e} is organised by {v}. / {v} hosts {e}. / The person behind {e} is {v}. | Who organises {e}? / Who is the host of {e}? / Who do I talk to about {e}?
rule | date | In force since | The rule on {e} has applied since {v}. / {e} came into force on {v}. / Since {v} there is a rule on {e}. | Since when does the rule on {e} apply? / When did the {e} rule start? / From which date is {e} regulated?
rule | yesno | Allowed | {e} is {v}. / In our offices {e} is {v}. / As a rule, {e} is {v}. | Is {e} allowed? / May I do {e}? / What is the rule about {e}?
rule | role | Exceptions | Exceptions to the rule on {e} are granted by the {v}. / The {v} may allow {e} in special cases. / Only the {v} can make an exception for {e}. | Who can make an exception for {e}? / Who may allow {e}? / Whom do I ask to be exempt from the rule on {e}?
rule | money | Penalty | Breaking the rule on {e} costs {v}. / A fine of {v} is due for {e}. / {e} is charged with {v}. | What is the fine for {e}? / How much does {e} cost me? / What penalty is there for {e}?
task | minutes | Takes | {e} takes about {v}. / Plan {v} for {e}. / Allow {v} to do {e}. | How long does {e} take? / How much time should I plan for {e}? / What time is needed for {e}?
task | weekday | Day | {e} is done every {v}. / On {v} somebody does {e}. / {v} is the day for {e}. | When is {e} done? / On which day do we do {e}? / What weekday is for {e}?
task | tool | Done with | Use {v} for {e}. / {e} is done in {v}. / Open {v} to do {e}. | What do I use for {e}? / Which tool is for {e}? / Where is {e} done?
task | role | Done by | {e} is the job of the {v}. / The {v} does {e}. / {e} is carried out by the {v}. | Who does {e}? / Whose job is {e}? / Who is responsible for {e}?
site | phone | Phone | Call {e} on {v}. / The phone number of {e} is {v}. / {e} answers on {v}. | What is the phone number of {e}? / How can I call {e}? / Which number do I dial for {e}?
site | count | Staff | {v} people work at {e}. / {e} employs {v} people. / There are {v} of us at {e}. | How many people work at {e}? / How large is the staff of {e}? / How many employees does {e} have?
site | year | Opened | {e} was opened in {v}. / We have been at {e} since {v}. / The year {e} started was {v}. | When was {e} opened? / Since when have we been at {e}? / In which year did {e} start?
site | place | Address | {e} stands at {v}. / The address of {e} is {v}. / Visitors find {e} at {v}. | Where is {e}? / What is the address of {e}? / Where do visitors go for {e}?
"""


def _parse(row: str) -> Family:
    thing, value, title, statements, questions = (field.strip() for field in row.split(" | "))
    return Family(thing, value, title, tuple(statements.split(" / ")), tuple(questions.split(" / ")))


FAMILIES = tuple(_parse(row) for row in _ROWS.strip().splitlines())
HELD_OUT = frozenset(range(7, len(FAMILIES), 9))
"""Families that are never trained on: they measure whether the model generalises to new kinds of facts."""
