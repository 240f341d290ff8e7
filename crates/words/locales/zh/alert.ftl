### 简体中文。祈使句，短句。级别名称同日本气象厅的中文译名：海啸注意报、海啸警报、大海啸警报。

## 演习与测试

mode-exercise =
    .word = 演习
    .sentence = 这只是演习。没有真实危险。请勿因本消息采取行动。
    .ended-headline = 演习结束
    .ended-description = 演习已经结束。没有发生真实危险。从现在起，凡不带此字样的消息都应视为真实消息。
    .ended-instruction = 您无需采取任何行动。
mode-test =
    .word = 测试
    .sentence = 这只是系统测试。没有危险。请勿因本消息采取行动。
    .ended-headline = 测试结束
    .ended-description = 系统测试已经结束。没有发生危险。从现在起，凡不带此字样的消息都应视为真实消息。
    .ended-instruction = 您无需采取任何行动。

## 连接

list-separator = 、
full-stop = 。
sentence-separator = { "" }

## 时间和地点

clock = { $hour }:{ $minute }
# 月份用数字表示。
date = { $year }年{ $number }月{ $day }日
date-clock = { $date }{ $clock }
time-utc = 世界时{ $time }
time-local = 当地时间{ $local }（世界时{ $utc }）
coordinates =
    { $north ->
        [north] 北纬
       *[south] 南纬
    }{ $lat }°，{ $east ->
        [east] 东经
       *[west] 西经
    }{ $lon }°
place-named = { $name }（{ $coordinates }）

## 消息种类

level-none = 海啸信息
level-advisory = 海啸注意报
level-warning = 海啸警报
level-major = 大海啸警报
event-tsunami = 海啸
event-traffic = 交通事件
event-energy = 电网异常
event-limit = 传感器超出限值
event-officer = 公共安全消息

## 物理量

quantity-sea-level = 海平面
quantity-water-pressure = 水压
quantity-water-temperature = 水温
quantity-speed = 车速
quantity-occupancy = 道路占有率
quantity-flow = 车流量
quantity-travel-time = 行程时间
quantity-voltage = 电压
quantity-current = 电流
quantity-active-power = 有功功率
quantity-reactive-power = 无功功率
quantity-apparent-power = 视在功率
quantity-power-factor = 功率因数
quantity-frequency = 电网频率
quantity-active-energy = 电能
quantity-acceleration = 地面加速度
quantity-battery-voltage = 电池电压
unit-vehicles-per-hour = 辆/小时

## 标题

headline-areas = { $level }：{ $areas }
headline-many =
    { $level }：{ $count ->
        [1] { $count }个区域，{ $first }
       *[other] { $count }个区域，从{ $first }到{ $last }
    }
headline-nowhere = { $level }：预计没有区域达到警报级别
headline-cancelled = 海啸警报解除
headline-limit = { $what }：{ $station }
headline-limit-over = { $what }：{ $station }（已恢复）

## 发生了什么

earthquake = { $when }发生{ $magnitude }级地震。地点：{ $place }，深度{ $depth }公里。
no-earthquake = 没有已知的地震能解释这些波浪。它们符合同一个波源，位于{ $place }附近（误差约{ $km }公里），时间约为{ $when }。
no-wave-left = 没有已知的地震，也不再有传感器显示波浪。
no-wave-seen = 可能发生海啸。目前还没有传感器测到海啸波。
wave-measured = 以下地点已测到海啸：{ $stations }。

## 将要发生什么

arrival-due = 第一波预计到达时间{ $when }
arrival-now = 第一波可能已经到达
zone = { $name } - { $level }：{ $arrival }，岸边浪高约{ $middle }米（可能在{ $low }米到{ $high }米之间）。
first-wave-due = 第一波预计到达时间：{ $when }。
first-wave-now = 第一波可能已经到达。
areas = 区域：{ $areas }。
lifted = 以下区域已解除：{ $areas }。
nature = 第一波往往不是最高的。危险的海浪和水流可能持续许多小时。

## 为什么发布新消息

reason-explained = 更新：现已查明引起这些波浪的地震。
reason-revised = 更新：地震的震级或位置已修正。
reason-confirmed = 更新：海啸已得到确认。
reason-unconfirmed = 更新：先前用来确认海啸的测量结果，经核实并没有显示海啸波。
reason-forecast = 更新：已根据实测浪高更新预报。
reason-modelled = 更新：已根据完整的海啸波计算更新预报。
reason-renewal = 更新：警报仍然有效。
reason-all-clear = 所有测到海啸的传感器处，海面都已平静。警报解除。水流在一段时间内可能仍然很强。
reason-no-wave = 应有海啸波到达的传感器处没有测到海啸波。警报解除。
reason-withdrawn = 地震参数已修正，该地震不可能引起危险的海啸。警报解除。

## 现在怎么做

instruction-none = 您无需采取任何行动。请留意当地政府的消息。
instruction-advisory = 立即离开水中。远离海滩、港口和河口。警报解除前不要返回。
instruction-warning = 立即离开海岸。马上前往高处或内陆，尽量步行。如果来不及，请到坚固建筑物的高层。警报解除前留在那里。
instruction-major = 立即离开海岸。尽可能往高处或远离海岸的内陆走，尽量步行。如果来不及，请到坚固建筑物的高层。警报解除前留在那里。
instruction-all-clear = 当地政府宣布安全后才能返回。水流仍强时不要下水。
instruction-traffic = 减速慢行，保持车距。尽量避开该地点。听从交通标志和警察的指挥。
instruction-energy = 可能会停电。远离掉落的电线。关闭不需要的电器。
instruction-limit = 请按照当地政府的指示行动。
instruction-limit-over = 您无需采取任何行动。
instruction-officer = 请按照当地政府的指示行动。

## 站点的限值

limit-above = 高于{ $value }
limit-below = 低于{ $value }
limit-rate = 变化超过{ $value }
rate = 每秒{ $value }
limit-passed = { $station }在{ $when }测得{ $value }。通报限值：{ $limit }。
limit-over = { $station }已恢复到限值以内：{ $when }测得{ $value }。通报限值：{ $limit }。

## 误发的消息

retraction =
    .headline =
        { $event ->
            [tsunami] 误发更正：我们此前的消息并不表示有海啸危险
           *[other] 误发更正：请不要理会我们此前的消息
        }
    .description =
        { $event ->
            [tsunami] { $when }的消息是误发的。该消息并不表示有海啸危险。
           *[other] { $when }的消息是误发的。该消息并不表示有任何危险。
        }
    .instruction =
        { $event ->
            [tsunami] 请不要理会那条消息。如果您因此离开了海岸，现在可以返回。如果感到强烈地震或看到海水退去，请立即离开海岸。
           *[other] 请不要理会那条消息。您无需采取任何行动。
        }

## 值班人员撰写的消息：只有框架是我们的

officer =
    .description = { $sender }于{ $when }通报：{ $text }
