### 日本語。命令・依頼の短い文。警報の名称は気象庁に従う：津波注意報、津波警報、大津波警報。

## 訓練とテスト

mode-exercise =
    .word = 訓練
    .sentence = これは訓練です。実際の危険はありません。この情報で行動しないでください。
    .ended-headline = 訓練は終了しました
    .ended-description = 訓練は終了しました。実際の危険はありませんでした。今後、この言葉のない情報は本物として扱ってください。
    .ended-instruction = 何もする必要はありません。
mode-test =
    .word = テスト
    .sentence = これはシステムのテストです。危険はありません。この情報で行動しないでください。
    .ended-headline = テストは終了しました
    .ended-description = システムのテストは終了しました。危険はありませんでした。今後、この言葉のない情報は本物として扱ってください。
    .ended-instruction = 何もする必要はありません。

## つなぎ

list-separator = 、
full-stop = 。
sentence-separator = { "" }

## 時刻と場所

clock = { $hour }時{ $minute }分
# 月は数字で書く。
date = { $year }年{ $number }月{ $day }日
date-clock = { $date }{ $clock }
time-utc = 協定世界時{ $time }
time-local = 現地時間{ $local }（協定世界時{ $utc }）
coordinates =
    { $north ->
        [north] 北緯
       *[south] 南緯
    }{ $lat }度、{ $east ->
        [east] 東経
       *[west] 西経
    }{ $lon }度
place-named = { $name }（{ $coordinates }）

## 情報の種類

level-none = 津波情報
level-advisory = 津波注意報
level-warning = 津波警報
level-major = 大津波警報
event-tsunami = 津波
event-traffic = 交通障害
event-energy = 電力系統の異常
event-limit = センサーの基準値超過
event-officer = 安全に関するお知らせ

## 量

quantity-sea-level = 海面の高さ
quantity-water-pressure = 水圧
quantity-water-temperature = 水温
quantity-speed = 車の速度
quantity-occupancy = 道路の占有率
quantity-flow = 交通量
quantity-travel-time = 所要時間
quantity-voltage = 電圧
quantity-current = 電流
quantity-active-power = 有効電力
quantity-reactive-power = 無効電力
quantity-apparent-power = 皮相電力
quantity-power-factor = 力率
quantity-frequency = 電力の周波数
quantity-active-energy = 電力量
quantity-acceleration = 地面の加速度
quantity-battery-voltage = 電池の電圧
unit-vehicles-per-hour = 台/時

## 見出し

headline-areas = { $level }：{ $areas }
headline-many =
    { $level }：{ $count ->
        [1] { $count }区域、{ $first }
       *[other] { $count }区域、{ $first }から{ $last }まで
    }
headline-nowhere = { $level }：警報の基準に達する区域はない見込み
headline-cancelled = 津波の警報・注意報は解除
headline-limit = { $what }：{ $station }
headline-limit-over = { $what }：{ $station }（解消）

## 何が起きたか

earthquake = { $when }、マグニチュード{ $magnitude }の地震がありました。場所：{ $place }、深さ{ $depth }キロメートル。
no-earthquake = 波の原因となる地震は見つかっていません。波は一つの波源によるもので、場所は{ $place }付近（誤差およそ{ $km }キロメートル）、時刻は{ $when }ごろとみられます。
no-wave-left = 原因となる地震は見つかっておらず、波を示すセンサーもなくなりました。
no-wave-seen = 津波が発生した可能性があります。波を観測したセンサーはまだありません。
wave-measured = 次の地点で津波を観測しました：{ $stations }。

## これから何が来るか

arrival-due = 第1波の到達予想{ $when }
arrival-now = 第1波はすでに到達している可能性があります
zone = { $name } - { $level }：{ $arrival }、海岸での高さおよそ{ $middle }メートル（{ $low }～{ $high }メートルの見込み）。
first-wave-due = 第1波の到達予想：{ $when }。
first-wave-now = 第1波はすでに到達している可能性があります。
areas = 対象区域：{ $areas }。
lifted = 次の区域は解除しました：{ $areas }。
nature = 津波は第1波が最も高いとは限りません。危険な波や流れが何時間も続くことがあります。

## 新しい情報を出した理由

reason-explained = 更新：波の原因となる地震が分かりました。
reason-revised = 更新：地震の規模または場所を見直しました。
reason-confirmed = 更新：津波を確認しました。
reason-unconfirmed = 更新：津波の確認に使った観測を調べた結果、波ではありませんでした。
reason-forecast = 更新：観測した波の高さをもとに予報を見直しました。
reason-modelled = 更新：波の詳しい計算をもとに予報を見直しました。
reason-renewal = 更新：警報・注意報は継続しています。
reason-all-clear = 津波を観測したすべてのセンサーで、海面は落ち着きました。警報・注意報を解除します。強い流れがしばらく続くことがあります。
reason-no-wave = 波が到達するはずのセンサーで、波は観測されませんでした。警報・注意報を解除します。
reason-withdrawn = 地震の見直しの結果、危険な津波が起きるおそれはありません。警報・注意報を解除します。

## 今すること

instruction-none = 何もする必要はありません。自治体の情報に注意してください。
instruction-advisory = 今すぐ海から上がってください。海岸、港、河口から離れてください。解除されるまで戻らないでください。
instruction-warning = 今すぐ海岸から離れてください。今すぐ高台または内陸へ、できるだけ歩いて避難してください。間に合わないときは、頑丈な建物の高い階へ上がってください。解除されるまでそこにとどまってください。
instruction-major = 今すぐ海岸から離れてください。できるだけ高い所、またはできるだけ内陸へ、できるだけ歩いて避難してください。間に合わないときは、頑丈な建物の高い階へ上がってください。解除されるまでそこにとどまってください。
instruction-all-clear = 自治体が安全と知らせるまで戻らないでください。流れが強い間は海や川に入らないでください。
instruction-traffic = 速度を落とし、車間距離をとってください。できるだけこの場所を避けてください。標識と警察の指示に従ってください。
instruction-energy = 停電するおそれがあります。垂れ下がった電線に近づかないでください。使わない電気製品の電源を切ってください。
instruction-limit = 自治体の指示に従ってください。
instruction-limit-over = 何もする必要はありません。
instruction-officer = 自治体の指示に従ってください。

## 観測点の基準値

limit-above = { $value }を上回る
limit-below = { $value }を下回る
limit-rate = { $value }を超える変化
rate = 毎秒{ $value }
limit-passed = { $station }で{ $when }に{ $value }を観測しました。通報の基準：{ $limit }。
limit-over = { $station }は基準内に戻りました：{ $when }に{ $value }。通報の基準：{ $limit }。

## 誤って送った情報

retraction =
    .headline =
        { $event ->
            [tsunami] 誤送信の訂正：先の情報による津波の危険はありません
           *[other] 誤送信の訂正：先の情報は無視してください
        }
    .description =
        { $event ->
            [tsunami] { $when }の情報は誤って送信したものです。その情報による津波の危険はありません。
           *[other] { $when }の情報は誤って送信したものです。その情報による危険はありません。
        }
    .instruction =
        { $event ->
            [tsunami] その情報は無視してください。その情報で海岸を離れた方は、戻ってもかまいません。強い揺れを感じたとき、または潮が引くのを見たときは、すぐに海岸から離れてください。
           *[other] その情報は無視してください。何もする必要はありません。
        }

## 担当者が書いた情報：枠だけが私たちのもの

officer =
    .description = { $sender }からのお知らせ、{ $when }：{ $text }
